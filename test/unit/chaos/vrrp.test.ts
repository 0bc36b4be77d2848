import { describe, expect, test } from 'vitest';

import { goodbye_s, scriptRange_s, silentRange_s, skew_s, vrrpSettings } from '../../../chaos/predictions/vrrp.ts';

const DOCUMENTED = `
vrrp_script check_nginx {
    script "/usr/local/bin/check.sh"
    interval 2
    weight -20   # below the other
    fall 2
}
vrrp_instance VI_1 {
    state BACKUP
    priority 90
    advert_int 1
}`;
const FAST = `
global_defs {
    vrrp_version 3
}
vrrp_instance VI_1 {
    priority 90
    advert_int 0.3
    nopreempt
}`;

describe('failover by VRRP', () => {
  test('settings are read, defaults are keepalived’s own', () => {
    expect(vrrpSettings(DOCUMENTED)).toEqual({
      version: 2,
      priority: 90,
      advert_s: 1,
      preempts: true,
      scripts: [{ name: 'check_nginx', interval_s: 2, fall: 2, weight: -20 }],
    });
    expect(vrrpSettings(FAST)).toMatchObject({ version: 3, advert_s: 0.3, preempts: false, scripts: [] });
    expect(vrrpSettings('')).toMatchObject({ version: 2, priority: 100, advert_s: 1 });
  });

  test('the skew is a part of a second in version 2, of the interval in version 3', () => {
    expect(skew_s(vrrpSettings(DOCUMENTED))).toBeCloseTo(0.648, 3);
    expect(skew_s(vrrpSettings(FAST))).toBeCloseTo(0.1945, 3);
  });

  test('ranges', () => {
    const documented = vrrpSettings(DOCUMENTED);
    expect(silentRange_s(documented)).toEqual([2.648, 3.648]);
    expect(goodbye_s(documented)).toBe(0.648);
    expect(scriptRange_s(documented, documented, 'check_nginx')).toEqual([4.648, 7.948]);
    expect(silentRange_s(vrrpSettings(FAST))).toEqual([0.795, 1.095]);
  });
});
