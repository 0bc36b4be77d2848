/* ---------- elements: text is always a text node, never markup ---------- */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

/** An SVG element with attributes and children; strings become text. */
function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG_NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Says something to screen readers. */
function announce(text) {
  $('#live').textContent = text;
}

/** Copies text, also where the clipboard needs a gesture and a focused document. */
async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus({ preventScroll: true });
  }
  button.textContent = 'Copied';
  announce('Command copied');
  setTimeout(() => (button.textContent = 'Copy'), 1400);
}
