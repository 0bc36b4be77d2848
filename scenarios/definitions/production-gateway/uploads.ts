/**
 * Files of 11 to 100 MiB, one every four seconds, beside small requests whose backends take
 * the time that the document budgets for them. How long those take is shown and not judged:
 * the document promises latency for normal load, and does not say whether uploads belong to it.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';
import { uploadsTooLarge } from '../../users.ts';

export default scenario({
  title: 'Uploads beside small requests',
  measures: 'latency',
  engine: k6('uploads.ts'),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.request-limits.upload-100mb',
      what: 'uploads of 11 to 100 MiB that were refused for their size',
      unit: 'uploads',
      better: 'lower',
      limit: 0,
      of: uploadsTooLarge,
    },
  ],
  routes: [
    { name: 'browse-list', method: 'GET', path: '/api/v1/browse/services', weight: 1 },
    { name: 'upload', method: 'POST', path: '/api/v1/uploads/', weight: 1 },
  ],
  shapes: {
    smoke: { rate_perS: 20, warmup_s: 4, measured_s: 48 },
    nightly: { rate_perS: 20, warmup_s: 8, measured_s: 120 },
    prerelease: { rate_perS: 20, warmup_s: 8, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 20,
});
