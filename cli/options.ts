/** Options that several commands share, parsed into checked values. */
import { InvalidArgumentError, Option } from 'commander';
import { IMAGE_ROLES } from '../environments/harness/image-recipes.ts';
import { closest } from '../environments/ledger/closest.ts';
import type { Profile, VariantName } from '../reports/record/types.ts';
import type { MeasureRequest } from './requests.ts';
import { typed } from './typed.ts';

const PROFILES: readonly Profile[] = ['smoke', 'nightly', 'prerelease'];
const VARIANTS: readonly VariantName[] = ['documented', 'hardened'];

/** Options that every command has which leaves a run. */
export interface MeasureOptions {
  readonly variant: VariantName | 'both';
  readonly profile: Profile;
  readonly seed?: number;
  readonly out?: string;
  readonly image: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** What these options ask for, with a seed of its own when none was given. */
export function measureRequest({ variant, profile, seed, out, image, json }: MeasureOptions): MeasureRequest {
  const variants = variantsOf(variant);
  return { variants, profile, seed: seed ?? freshSeed(), out, images: image, json, command: typed() };
}

/** A parser that accepts one of some words, and says which was probably meant. */
export function oneOf<T extends string>(words: readonly T[]): (value: string) => T {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = closest(value, words);
    const meant = near === undefined ? '' : `Did you mean '${near}'? `;
    throw new InvalidArgumentError(`${meant}Choose one of: ${words.join(', ')}.`);
  };
}

/** A parser for whole numbers from `least` on, to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Give a whole number ${range}.`);
  };
}

/** A share: `5%` or `0.05`. */
export function share(value: string): number {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1];
  const number = percent === undefined ? Number(value) : Number(percent) / 100;
  if (value.trim() !== '' && number >= 0 && number < 1) return number;
  throw new InvalidArgumentError('Give a share such as 5% or 0.05.');
}

/** `--variant` of commands that run one variant or both, one after the other. */
export function variantsOption(): Option {
  return new Option('--variant <name>', 'documented, hardened or both')
    .argParser(oneOf<VariantName | 'both'>([...VARIANTS, 'both']))
    .default('both');
}

/** The variants that `--variant` names, in the order in which they run. */
export function variantsOf(name: VariantName | 'both'): readonly VariantName[] {
  return name === 'both' ? VARIANTS : [name];
}

/** `--variant` of commands that run a single variant. */
export function variantOption(): Option {
  return new Option('--variant <name>', 'documented or hardened').argParser(oneOf(VARIANTS)).default('documented');
}

/** `--profile`: how much is measured. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'smoke, nightly or prerelease').argParser(oneOf(PROFILES)).default('smoke');
}

/** `--seed`: replays order, phases and addresses. */
export function seedOption(): Option {
  return new Option('--seed <number>', 'replay the order, phases and addresses of an earlier run').argParser(
    wholeNumber(0),
  );
}

/** `--image role=reference`, as often as needed. */
export function imageOption(): Option {
  return new Option('--image <role=reference>', 'use your own image for a role; may be given several times')
    .argParser(addImage)
    .default({}, 'the images of this project');
}

/** Adds one `role=reference` to those given before. */
export function addImage(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const cut = value.indexOf('=');
  if (cut < 1 || cut === value.length - 1) {
    throw new InvalidArgumentError('Write role=reference, for example gateway=my/nginx:1.29.');
  }
  const role = oneOf(IMAGE_ROLES)(value.slice(0, cut));
  return { ...before, [role]: value.slice(cut + 1) };
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A seed when none was given: 31 bits, so that it is short enough to type. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
}
