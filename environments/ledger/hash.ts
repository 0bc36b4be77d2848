/**
 * What the ledger remembers of a document's text. A document stays outside the
 * project; hashes of its sections, and of the lines behind each claim, are enough
 * to notice that it has changed and which promises that touches.
 */
import { createHash } from 'node:crypto';

/** First and last line, 1-based, both included. */
export type LineRange = readonly [first: number, last: number];

/** A heading and what stands below it, up to the next heading of any level. */
export interface Section {
  /** The heading; when it occurs more than once, with the headings above it, joined by ` › `. */
  readonly key: string;
  readonly lines: LineRange;
  readonly sha256: string;
}

/** Splits a text into lines; a final line end starts no further line. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * Removes what does not change a meaning: blank lines, and the amount of white
 * space within and around lines. Re-wrapped text counts as changed.
 */
export function normalise(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '')
    .join('\n');
}

/** SHA-256 of the normalised lines, in hexadecimal. */
export function hashLines(lines: readonly string[]): string {
  return createHash('sha256').update(normalise(lines)).digest('hex');
}

/**
 * Hash of the lines that several ranges name, in the order of the ranges.
 * Ranges beyond the end of the text contribute what there is.
 */
export function hashRanges(lines: readonly string[], ranges: readonly LineRange[]): string {
  return hashLines(ranges.flatMap(([first, last]) => lines.slice(first - 1, last)));
}

/**
 * The sections of a Markdown document. Lines inside fenced code are no headings,
 * whatever they begin with. Headings that occur twice are told apart by the
 * headings above them, and by a number when even those are the same.
 */
export function sectionsOf(lines: readonly string[]): readonly Section[] {
  const headings = headingsOf(lines);
  const titles = headings.map(({ path }) => path.at(-1)!);
  const seen = new Map<string, number>();
  return headings.map(({ path, line }, index) => {
    const end = (headings[index + 1]?.line ?? lines.length + 1) - 1;
    const title = titles[index]!;
    const name = titles.indexOf(title) === titles.lastIndexOf(title) ? title : path.join(' › ');
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return {
      key: times === 1 ? name : `${name} (${times})`,
      lines: [line, end] as const,
      sha256: hashLines(lines.slice(line - 1, end)),
    };
  });
}

interface Heading {
  readonly path: readonly string[];
  readonly line: number;
}

function headingsOf(lines: readonly string[]): readonly Heading[] {
  const headings: Heading[] = [];
  const open: { level: number; title: string }[] = [];
  let fence: string | undefined;
  for (const [index, line] of lines.entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      continue;
    }
    const heading = /^(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
    if (heading === null) continue;
    const level = heading[1]!.length;
    while ((open.at(-1)?.level ?? 0) >= level) open.pop();
    open.push({ level, title: heading[2]! });
    headings.push({ path: open.map(({ title }) => title), line: index + 1 });
  }
  return headings;
}

/** The section that holds a line, if any does. */
export function sectionAt(sections: readonly Section[], line: number): Section | undefined {
  return sections.find(({ lines: [first, last] }) => first <= line && line <= last);
}
