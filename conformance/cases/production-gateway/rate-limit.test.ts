import { num, str, strings } from '../../../environments/ledger/values.ts';
import { judge, together } from '../../outcome.ts';
import { judgeLimit, judgeRate, judgeWindow, limiterOf } from '../../checks/rate-limit.ts';
import { judgeFormat, judgeLog, judgeStatuses } from '../../checks/rate-limit-answer.ts';
import { FLOOD, answers, counts, enough, flood, floods, pressure, sort } from '../../checks/rate-limit-flood.ts';
import type { Flooded } from '../../checks/rate-limit-flood.ts';
import {
  adminFloods,
  behindEdge,
  edge,
  judgeBehindEdge,
  judgeIsolation,
  judgePerAdmin,
  judgeShared,
  judgeSharedEverywhere,
  neighbours,
  oneUser,
  overNodes,
  refusedBySecond,
  userFlood,
} from '../../checks/rate-limit-sharing.ts';
import { CLIENT_ADDRESS, CREDENTIAL, judgeLuaLimiter, judgeZones, rateZones } from '../../checks/rate-limit-zones.ts';
import type { CaseContext } from '../../context.ts';
import { verify } from '../../verify.ts';
