/* ---------- theme, reading position, paper ---------- */
function startTheme() {
  const modes = ['system', 'light', 'dark'];
  const button = $('#theme');
  const stored = () => {
    try {
      return localStorage.getItem('gateproof-theme');
    } catch {
      return null;
    }
  };
  const store = (mode) => {
    try {
      localStorage.setItem('gateproof-theme', mode);
    } catch {
      // A page without storage simply forgets.
    }
  };
  let mode = modes.includes(stored()) ? stored() : 'system';
  const apply = () => {
    if (mode === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = mode;
    $('span', button).textContent = `Theme: ${mode}`;
    button.setAttribute('aria-label', `Colour theme: ${mode}`);
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    mode = modes[(modes.indexOf(mode) + 1) % modes.length];
    store(mode);
    apply();
  });
  apply();
}

function startReadingPosition() {
  const links = $$('.rail a');
  const sections = links.map((link) => $(link.getAttribute('href')));
  const mark = () => {
    const passed = sections.findLastIndex((part) => part !== null && part.getBoundingClientRect().top < 140);
    const atEnd = innerHeight + scrollY > document.body.scrollHeight - 4;
    const current = atEnd && scrollY > 0 ? links.length - 1 : Math.max(0, passed);
    links.forEach((link, index) =>
      index === current ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current'),
    );
  };
  addEventListener('scroll', mark, { passive: true });
  mark();
}

/** Paper shows what is folded away beside charts, and the bodies of the rows that are open. */
addEventListener('beforeprint', () => {
  for (const details of $$('.data.more')) details.open = true;
});

startTheme();
startReadingPosition();
drawCharts(document);
startLedger();
addEventListener('hashchange', followHash);
addEventListener('toggle', (event) => drawCharts(event.target), true);
// After the first layout, so that scrolling ends where it should.
addEventListener('load', () => setTimeout(followHash));
