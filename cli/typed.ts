/** The command as a person would type it again: `./gateproof …`, arguments quoted where a shell needs it. */
export function typed(args: readonly string[] = process.argv.slice(2)): string {
  return ['./gateproof', ...args.map(quoted)].join(' ');
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
