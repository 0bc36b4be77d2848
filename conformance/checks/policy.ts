/** Directives of a Content-Security-Policy and their sources. */
export function cspDirectives(policy: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    policy
      .split(';')
      .map((part) => part.trim().split(/\s+/))
      .filter(([name]) => name !== undefined && name !== '')
      .map(([name = '', ...sources]) => [name.toLowerCase(), sources]),
  );
}

/** How a policy differs from promised directives, whose sources are compared as sets. */
export function policyFaults(promised: Readonly<Record<string, string>>, policy: string | undefined): string[] {
  if (policy === undefined) return ['no Content-Security-Policy'];
  const directives = cspDirectives(policy);
  return Object.entries(promised).flatMap(([name, value]) => {
    const sources = directives[name];
    if (!sources) return [`no ${name}`];
    const [wanted, seen] = [value.split(/\s+/), sources].map((list) => [...new Set(list)].sort().join(' '));
    return wanted === seen ? [] : [`${name} is ${seen ?? ''}`];
  });
}
