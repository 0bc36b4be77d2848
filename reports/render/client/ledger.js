/* ---------- rows: bodies are made when first opened; deep links; keyboard ---------- */
function fillRow(element) {
  const template = $(':scope > template', element);
  if (template === null) return;
  element.append(template.content.cloneNode(true));
  template.remove();
  drawCharts(element);
}

/** Follows the hash: a filtered view or one claim. */
function followHash() {
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {
    return;
  }
  if (hash.startsWith('ledger?')) {
    setFilter(hash.slice('ledger?'.length), true);
    return;
  }
  const folded = document.getElementById(hash);
  if (folded !== null && folded.matches('.folded')) {
    folded.open = true;
    folded.scrollIntoView({ block: 'start' });
    $('summary', folded).focus({ preventScroll: true });
    return;
  }
  const row = ROWS.find((candidate) => candidate.element.id === hash);
  if (row === undefined) return;
  if (!matches(row)) {
    resetFilter();
    applyFilter(false);
  }
  textOf(row);
  fillRow(row.element);
  row.element.open = true;
  row.element.scrollIntoView({ block: 'start' });
  $('summary', row.element).focus({ preventScroll: true });
}

function onClick(event) {
  const target = event.target.closest('[data-filter],[data-key],[data-copy],[data-variant]');
  if (target === null) return;
  if (target.dataset.filter !== undefined) {
    event.preventDefault();
    setFilter(target.dataset.filter, true);
  } else if (target.dataset.key !== undefined) {
    const { key, value } = target.dataset;
    FILTER[key] = FILTER[key] === value ? '' : value;
    if (key === 'verdict') FILTER.only = '';
    applyFilter();
  } else if (target.dataset.copy !== undefined) void copy(target);
  else {
    FILTER.variant = target.dataset.variant;
    FILTER.only = '';
    applyFilter();
  }
}

function moveFocus(event) {
  const fromSearch = event.target.id === 'q';
  if (!fromSearch && !event.target.matches('.row > summary')) return;
  const summaries = $$('.row:not([hidden]) > summary');
  const next = summaries.indexOf(event.target) + (event.key === 'ArrowDown' ? 1 : -1);
  event.preventDefault();
  if (next < 0) $('#q').focus();
  else summaries[next]?.focus();
}

function onKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === '/' && !typing && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    $('#q').focus();
    $('#q').select();
  } else if (event.key === 'Escape' && activeKeys().length > 0) {
    resetFilter();
    applyFilter();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(event);
}

function startLedger() {
  document.addEventListener('click', onClick);
  if (ROWS.length === 0) return;
  for (const row of ROWS) {
    row.element.addEventListener('toggle', () => {
      textOf(row);
      fillRow(row.element);
    });
  }
  $('#f-topic').addEventListener('change', (event) => {
    FILTER.topic = event.target.value;
    applyFilter();
  });
  $('#q').addEventListener('input', (event) => {
    FILTER.q = event.target.value.trim();
    applyFilter();
  });
  $('#clear').addEventListener('click', () => {
    resetFilter();
    applyFilter();
    $('#q').focus();
  });
  document.addEventListener('keydown', onKey);
  applyFilter(false);
}
