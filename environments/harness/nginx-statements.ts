/** One directive where it stands in a file. */
export interface Statement {
  readonly name: string;
  readonly words: readonly string[];
  readonly block?: readonly Statement[];
  /** Offset of its first character. */
  readonly from: number;
  /** Offset behind its semicolon or its closing brace. */
  readonly to: number;
}

/** A comment, a word in quotes, a bare word, or one of the signs that end a directive. */
const TOKEN =
  /#[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{};]|(?:\\[\s\S]|\$\{[^}]*\}|[^\s{};#"'\\])(?:\\[\s\S]|\$\{[^}]*\}|[^\s{};\\])*/g;

/** What may hold a brace in Lua without being one (comments, texts), and the braces. */
const LUA_TOKEN =
  /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}]/g;

/** The directives of one file; the code of Lua blocks is left out. */
export function statementsOf(text: string): Statement[] {
  const tokens = new RegExp(TOKEN);
  let ended = false;
  // At its end, the expression would begin again.
  const next = (): RegExpExecArray | null => {
    const token = ended ? null : tokens.exec(text);
    ended = token === null;
    return token;
  };
  const readBlock = (): Statement[] => {
    const found: Statement[] = [];
    let words: string[] = [];
    let from: number | undefined;
    for (let token = next(); token !== null && token[0] !== '}'; token = next()) {
      const [sign] = token;
      if (sign.startsWith('#')) continue;
      from ??= token.index;
      if (sign !== ';' && sign !== '{') {
        words.push(unquoted(sign));
        continue;
      }
      const [name = '', ...rest] = words;
      const isCode = sign === '{' && name.endsWith('_by_lua_block');
      if (isCode) tokens.lastIndex = endOfCode(text, tokens.lastIndex);
      const block = sign === '{' && !isCode ? readBlock() : undefined;
      found.push({ name, words: rest, ...(block ? { block } : {}), from, to: ended ? text.length : tokens.lastIndex });
      words = [];
      from = undefined;
    }
    return found;
  };
  return readBlock();
}

/** Offset behind the brace that closes a block of Lua code. */
function endOfCode(text: string, start: number): number {
  const tokens = new RegExp(LUA_TOKEN);
  tokens.lastIndex = start;
  for (let depth = 1; depth > 0;) {
    const token = tokens.exec(text);
    if (token === null) return text.length;
    if (token[0] === '{') depth += 1;
    if (token[0] === '}') depth -= 1;
  }
  return tokens.lastIndex;
}

function unquoted(token: string): string {
  return /^(["'])[\s\S]*\1$/.test(token) ? token.slice(1, -1) : token;
}
