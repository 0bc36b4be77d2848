/* ---------- filters of the ledger; they live in the hash, so that a view can be shared ---------- */
const KEYS = ['q', 'topic', 'verdict', 'level', 'disposition', 'only'];
const OTHER = ['inconclusive', 'error', 'not-run', 'not-applicable'];
const ONLY_WORD = { mended: 'mended by hardening', plus: 'needs NGINX Plus', open: 'not mended' };
const ROWS = $$('.row').map((element) => ({
  element,
  topic: element.closest('.g-wrap').dataset.topic,
  level: element.dataset.level,
  fate: element.dataset.fate,
  results: JSON.parse(element.dataset.results),
  text: null,
}));
const VARIANTS = $$('#f-variant [data-variant]').map((button) => button.dataset.variant);
const FILTER = { variant: VARIANTS[0] ?? '', q: '', topic: '', verdict: '', level: '', disposition: '', only: '' };

/** What a row says, its folded body included; read once, when first searched. */
function textOf(row) {
  row.text ??=
    `${$('summary', row.element).textContent} ${$(':scope > template', row.element)?.content.textContent ?? row.element.textContent}`.toLowerCase();
  return row.text;
}

const resultOf = (row) =>
  row.results.find((result) => result.variant === FILTER.variant) ?? { verdict: null, disposition: null };

function matchesVerdict(row, verdict) {
  const own = resultOf(row).verdict;
  return !verdict || (verdict === 'other' ? OTHER.includes(own ?? 'not-run') : own === verdict);
}

function matches(row, filter = FILTER) {
  const result = resultOf(row);
  return (
    matchesVerdict(row, filter.verdict) &&
    (!filter.topic || row.topic === filter.topic) &&
    (!filter.level || row.level === filter.level) &&
    (!filter.disposition || result.disposition === filter.disposition) &&
    (!filter.only || row.fate === filter.only) &&
    (!filter.q ||
      filter.q
        .toLowerCase()
        .split(/\s+/)
        .every((word) => textOf(row).includes(word)))
  );
}

const activeKeys = () => KEYS.filter((key) => FILTER[key]);

function describe(shown) {
  const names = activeKeys().map((key) => {
    if (key === 'q') return `“${FILTER.q}”`;
    if (key === 'only') return ONLY_WORD[FILTER.only] ?? FILTER.only;
    return FILTER[key] === 'other' ? 'not judged' : FILTER[key].replaceAll('-', ' ');
  });
  const count = `${shown} of ${ROWS.length} ${ROWS.length === 1 ? 'claim' : 'claims'}`;
  return names.length > 0
    ? `${count} in ${FILTER.variant}: ${names.join(', ')}`
    : `${count}, ${FILTER.variant} decides the filters`;
}

/** A chip counts what it would leave, all other filters kept. */
function updateChips() {
  for (const chip of $$('.chip')) {
    const { key, value } = chip.dataset;
    chip.setAttribute('aria-pressed', String(FILTER[key] === value));
    $('i', chip).textContent = ROWS.filter((row) =>
      matches(row, { ...FILTER, only: key === 'verdict' ? '' : FILTER.only, [key]: value }),
    ).length;
  }
}

function updateControls(shown) {
  for (const button of $$('#f-variant button'))
    button.setAttribute('aria-pressed', String(button.dataset.variant === FILTER.variant));
  $('#f-topic').value = FILTER.topic;
  if ($('#q').value !== FILTER.q) $('#q').value = FILTER.q;
  $('#obv').textContent = FILTER.variant;
  $('#clear').hidden = activeKeys().length === 0;
  $('#count').textContent = describe(shown);
  for (const row of $$('.mat tr[data-topic]'))
    row.classList.toggle('on', row.dataset.topic === FILTER.topic && !FILTER.verdict);
  for (const button of $$('.mat td button')) {
    const own = new URLSearchParams(button.dataset.filter);
    button.setAttribute(
      'aria-pressed',
      String(['topic', 'verdict', 'variant'].every((key) => own.get(key) === FILTER[key])),
    );
  }
}

/** Shows what matches; `push` writes the filter into the hash. */
function applyFilter(push = true) {
  if (ROWS.length === 0) return;
  let shown = 0;
  for (const row of ROWS) {
    const on = matches(row);
    row.element.hidden = !on;
    shown += on ? 1 : 0;
    for (const observed of $$('.ob > span', row.element)) observed.hidden = observed.dataset.of !== FILTER.variant;
  }
  for (const wrap of $$('.g-wrap')) wrap.hidden = $('.row:not([hidden])', wrap) === null;
  updateChips();
  updateControls(shown);
  if ($('.empty') === null && shown === 0) {
    const empty = document.createElement('p');
    empty.className = 'empty';
    empty.textContent = 'No claim fits all filters. Esc clears them.';
    $('#rows').append(empty);
  } else if (shown > 0) $('.empty')?.remove();
  if (push) writeHash();
}

function writeHash() {
  const set = Object.entries(FILTER).filter(([key, value]) => value && !(key === 'variant' && value === VARIANTS[0]));
  const query = new URLSearchParams(set).toString();
  if (query !== '') history.replaceState(null, '', `#ledger?${query}`);
  else if (location.hash.startsWith('#ledger?')) history.replaceState(null, '', '#ledger');
}

function resetFilter() {
  for (const key of KEYS) FILTER[key] = '';
}

/** Sets all filters from a query string, as links and hashes carry it. */
function setFilter(query, scroll) {
  const wanted = Object.fromEntries(new URLSearchParams(query));
  resetFilter();
  for (const key of KEYS) if (typeof wanted[key] === 'string') FILTER[key] = wanted[key];
  if (VARIANTS.includes(wanted.variant)) FILTER.variant = wanted.variant;
  applyFilter();
  if (scroll) $('#ledger').scrollIntoView();
}
