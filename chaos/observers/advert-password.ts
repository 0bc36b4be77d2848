/** What adverts of a redundant pair tell everybody who sees them: the password, in the clear. */
import type { ChaosTarget } from '../runner/target.ts';

/** Prints the first packet of VRRP (IP protocol 112) that a node receives within 5 s, in hexadecimal digits. */
const CAPTURE = `
use Socket;
socket(my $s, AF_INET, SOCK_RAW, 112) or die "socket: $!";
my $in = ''; vec($in, fileno $s, 1) = 1;
select($in, undef, undef, 5) == 1 or die "no advert within 5 s\\n";
recv $s, my $packet, 2048, 0;
print unpack('H*', $packet), "\\n";`;

/** So many bytes of a password fit into an advert of version 2 (RFC 2338, section 5.3.10). */
export const FIELD_BYTES = 8;
const SIMPLE_TEXT = 1;

/**
 * The password in an IPv4 packet of VRRP version 2 (RFC 2338, section 5.3): its last eight bytes, filled up with
 * zeros. Null when its kind of authentication is not simple text.
 *
 * @throws RangeError when this is no such packet
 */
export function passwordIn(hex: string): string | null {
  const packet = Buffer.from(hex, 'hex');
  const header = ((packet[0] ?? 0) & 0x0f) * 4;
  if (header < 20 || packet.length < header + 8) throw new RangeError(`no packet of VRRP: ${hex.slice(0, 80)}`);
  const vrrp = packet.subarray(header);
  if (vrrp.readUInt8(0) >> 4 !== 2 || vrrp.readUInt8(4) !== SIMPLE_TEXT) return null;
  return vrrp.subarray(-FIELD_BYTES).toString('latin1').replace(/\0+$/, '');
}

/** Reads one advert at the node. @throws Error when none arrives, or when it carries no password */
export async function carriedPassword(target: ChaosTarget, node: string): Promise<string> {
  const { exitCode, stdout, stderr } = await target.host.exec(target.containerId(node), ['perl', '-e', CAPTURE]);
  if (exitCode !== 0) throw new Error(`adverts cannot be read at ${node}: ${stderr.trim()}`);
  const carried = passwordIn(stdout.trim());
  if (carried === null) throw new Error(`the adverts that arrive at ${node} carry no password`);
  return carried;
}
