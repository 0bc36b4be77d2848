import type { Mutant } from './mutant.ts';

const ATOMIC = 'production-gateway.data-stores.redis-atomic-counter';

export default [
  {
    name: 'the shared limiter sets no time to live',
    base: 'hardened',
    file: 'lua/admission.lua',
    find: ", 'PX', due - now + 1000)",
    replace: ')',
    turns: [ATOMIC],
  },
  {
    name: 'the shared limiter forgets every tenth request',
    base: 'hardened',
    file: 'lua/admission.lua',
    find: 'due = due + tonumber(ARGV[1])',
    replace: 'if asked % 10 ~= 0 then due = due + tonumber(ARGV[1]) end',
    turns: [ATOMIC],
  },
] satisfies readonly Mutant[];
