import { LocalAgent } from '../../../conformance/clients/local-agent.ts';
import type {
  HttpObservation,
  HttpStep,
  RawObservation,
  RawStep,
  WebSocketObservation,
  WebSocketStep,
} from '../../../conformance/clients/protocol.ts';

const agent = new LocalAgent();

export async function runHttp(...steps: HttpStep[]): Promise<HttpObservation[]> {
  const { observations } = await agent.run(steps);
  return observations.filter((observation) => observation.kind === 'http');
}

export async function runOneHttp(step: HttpStep): Promise<HttpObservation> {
  const [observation] = await runHttp(step);
  if (observation === undefined) throw new Error('no observation');
  return observation;
}

export async function runOneRaw(step: RawStep): Promise<RawObservation> {
  const [observation] = (await agent.run([step])).observations;
  if (observation?.kind !== 'raw') throw new Error('no raw observation');
  return observation;
}

export async function runOneWebSocket(step: WebSocketStep): Promise<WebSocketObservation> {
  const [observation] = (await agent.run([step])).observations;
  if (observation?.kind !== 'websocket') throw new Error('no WebSocket observation');
  return observation;
}
