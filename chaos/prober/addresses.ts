/** Client addresses out of an IPv4 block. */

/**
 * Endless walk through the addresses of a block, network and broadcast address
 * left out, starting `skip` addresses in and wrapping around at the end.
 *
 * @throws RangeError when the text is no IPv4 block or holds no host address
 */
export function addressWalk(cidr: string, skip: number): () => string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (octets.length !== 4 || octets.some((octet) => octet > 255) || !(prefix >= 1 && prefix <= 30)) {
    throw new RangeError(`not an IPv4 block with host addresses: ${cidr}`);
  }
  const size = 2 ** (32 - prefix);
  const given = octets.reduce((value, octet) => value * 256 + octet, 0);
  const first = given - (given % size) + 1;
  const hosts = size - 2;
  let next = skip % hosts;
  return () => {
    const address = first + next;
    next = (next + 1) % hosts;
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  };
}

/**
 * Addresses of a series: a walk through its block, or the kernel's choice without one.
 *
 * @throws RangeError as {@link addressWalk} does
 */
export function addresses(
  from: { readonly cidr: string; readonly skip: number } | undefined,
): () => string | undefined {
  return from === undefined ? () => undefined : addressWalk(from.cidr, from.skip);
}
