/** What a stranger on the segment of a redundant pair tells its keepalived: the pair's own settings, another password. */

import { FIELD_BYTES } from '../observers/advert-password.ts';

/** The password as a configuration writes it. */
export interface WrittenPassword {
  /** The text behind `auth_pass`, with its quotes if it has any. */
  readonly text: string;
  readonly quoted: boolean;
  /** All characters that the author wrote, without the quotes. */
  readonly characters: string;
}

/** The password of a pair's configuration; null when its adverts carry none. */
export function writtenPassword(pair: string): WrittenPassword | null {
  const text = /^\s*auth_pass\s+(\S.*?)\s*$/m.exec(pair)?.[1];
  if (text === undefined) return null;
  const quoted = /^".*"$/.test(text);
  return { text, quoted, characters: quoted ? text.slice(1, -1) : text };
}

/** The text with every character behind the first `kept` changed. */
const changedBehind = (text: string, kept: number): string =>
  text.slice(0, kept) + text.slice(kept).replaceAll(/./g, (one) => (one === 'x' ? 'y' : 'x'));

/** Written as the pair writes it, and equal in the first eight characters alone; null when there are no more. */
export function firstEight({ characters, quoted }: WrittenPassword): string | null {
  if (characters.length <= FIELD_BYTES) return null;
  const changed = changedBehind(characters, FIELD_BYTES);
  return quoted ? `"${changed}"` : changed;
}

/**
 * What an advert carries and nothing more of the password; null when it carries all of it. In quotes, so
 * that keepalived takes every character as it stands.
 */
export function onlyWhatTravels({ characters }: WrittenPassword, carried: string): string | null {
  if (carried.length >= characters.length) return null;
  // A full field may be followed by anything: it is cut off. Behind a shorter one everything counts.
  return `"${carried.length === FIELD_BYTES ? changedBehind(characters, FIELD_BYTES) : carried}"`;
}

export interface StrangerPlace {
  readonly address: string;
  /** Addresses of the pair's nodes: adverts are sent to each of them. */
  readonly peers: readonly string[];
}

/**
 * The stranger's configuration: virtual router, interval and address of the pair, priority 255.
 *
 * @param pair keepalived's configuration on a node of the pair
 * @param password text behind `auth_pass`
 * @throws Error naming what the pair's configuration does not say
 */
export function strangerConfig(pair: string, { address, peers }: StrangerPlace, password: string): string {
  const said = (what: RegExp): string => {
    const found = what.exec(pair)?.[1]?.trim();
    if (found === undefined) throw new Error(`the configuration of the pair does not have ${String(what)}`);
    return found;
  };
  return `vrrp_instance STRANGER {
    state MASTER
    interface eth0
    virtual_router_id ${said(/^\s*virtual_router_id\s+(\d+)/m)}
    priority 255
    advert_int ${said(/^\s*advert_int\s+([\d.]+)/m)}
    unicast_src_ip ${address}
    unicast_peer {
        ${peers.join('\n        ')}
    }
    authentication {
        auth_type PASS
        auth_pass ${password}
    }
    virtual_ipaddress {
        ${said(/virtual_ipaddress\s*\{([^}]*)\}/)}
    }
}
`;
}
