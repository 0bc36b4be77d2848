/**
 * Markup that escapes by construction: whatever is put into the template is
 * text, unless it is itself the result of a template. Everything that came from
 * a system under test goes through here.
 */

/** Finished markup; only this folder's templates make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup kept, lists joined, nothing left out. */
export type Part = string | number | Markup | null | undefined | false | readonly Part[];

const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and quoted attributes. Control characters that no browser shows are made visible. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITY[char] ?? char).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\uFFFD');
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  return part instanceof Markup ? part.text : part.map(render).join('');
}

/** Tagged template: `markup\`<b>${anything}</b>\``. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : '')).join(''));
}

/** Our own style sheets and scripts, never data. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/**
 * JSON as the text of an element: with neither angle brackets nor ampersands
 * nothing in it can end the element, open another or be an entity; U+2028 and
 * U+2029 go too, so that it would also be safe inside a script.
 */
export function jsonAsText(value: unknown): Markup {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0'),
  );
  return new Markup(escaped);
}
