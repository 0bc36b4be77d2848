/** The glyphs of the verdicts: each has its own outline, so that none depends on its colour. */
import { trusted } from '../markup.ts';

export const SYMBOLS = trusted(`<svg width="0" height="0" class="defs" aria-hidden="true"><defs>
<symbol id="g-conforms" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.2" fill="currentColor"/><path class="cutout" d="M4.6 8.3 7 10.7l4.5-5" fill="none" stroke-width="1.9"/></symbol>
<symbol id="g-deviates" viewBox="0 0 16 16"><rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2.6" fill="currentColor"/><path class="cutout" d="m5 5 6 6m0-6-6 6" fill="none" stroke-width="1.9"/></symbol>
<symbol id="g-inconclusive" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M5.9 6.5c0-2.9 4.3-2.7 4.2-.1C10 8 8 8 8 9.5" fill="none" stroke="currentColor" stroke-width="1.5"/><circle cx="8" cy="11.7" r="1" fill="currentColor"/></symbol>
<symbol id="g-error" viewBox="0 0 16 16"><path d="M8 .9 15.6 14.6H.4z" fill="currentColor"/><path class="cutout" d="M8 5.6v4.2" fill="none" stroke-width="1.9"/><circle class="cutout-dot" cx="8" cy="12.2" r="1.05"/></symbol>
<symbol id="g-na" viewBox="0 0 16 16"><path d="M3 8h10" stroke="currentColor" stroke-width="2"/></symbol>
<symbol id="g-notrun" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2.6 2.4"/></symbol>
</defs></svg>`);
