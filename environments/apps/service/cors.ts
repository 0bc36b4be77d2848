import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'GET,HEAD,PUT,PATCH,POST,DELETE';

/**
 * The allow-list as the common Express middleware applies it: a listed origin
 * is echoed, another one gets no permission, and every preflight is answered
 * with 204 right away.
 * @returns true when the request was a preflight and is answered.
 */
export function cors(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  response.setHeader('Vary', 'Origin');
  if (origins.includes(origin)) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  const asked = request.headers['access-control-request-headers'];
  response.setHeader('Access-Control-Allow-Methods', METHODS);
  if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked);
  response.writeHead(204, { 'Content-Length': '0' }).end();
  return true;
}
