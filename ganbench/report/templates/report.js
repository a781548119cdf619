// The page is whole without this script: it adds sorting, filters, a theme and copying.

const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// ------------------------------------------------------------------------------------ theme

const THEMES = ["auto", "light", "dark"];

const kept = {
  // Some browsers keep nothing for pages that are opened from a disk.
  get: () => { try { return localStorage.getItem("ganbench-theme"); } catch { return null; } },
  set: (theme) => { try { localStorage.setItem("ganbench-theme", theme); } catch { /* not kept */ } },
};

const themeButton = make("button", { type: "button", id: "theme" });

const wear = (theme) => {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = `Theme: ${theme}`;
};

themeButton.addEventListener("click", () => {
  const now = THEMES.indexOf(document.documentElement.dataset.theme);
  const next = THEMES[(now + 1) % THEMES.length];
  wear(next);
  kept.set(next);
});
wear(THEMES.includes(kept.get()) ? kept.get() : "auto");
document.querySelector(".top").append(themeButton);

// ---------------------------------------------------------------------------------- sorting

// A cell with a number sorts by it; what has none comes last in either direction.
const keyOf = (row, column) => {
  const cell = row.cells[column];
  if (cell.dataset.value === undefined) return cell.textContent.trim();
  return cell.dataset.value === "" ? null : Number(cell.dataset.value);
};

const compare = (a, b) =>
  typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });

const sorted = (rows, column, sign) => {
  const keyed = rows.map((row) => [keyOf(row, column), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * compare(a, b);
  });
  return keyed.map(([, row]) => row);
};

// The first press sorts the better end to the top, the second the other, the third undoes it.
const sortable = (table) => {
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const original = [...body.rows];
  headers.forEach((header, column) => {
    const orders = header.dataset.first === "descending"
      ? ["descending", "ascending", "none"]
      : ["ascending", "descending", "none"];
    const button = make("button", { type: "button" }, ...header.childNodes);
    button.addEventListener("click", () => {
      const order = orders[(orders.indexOf(header.ariaSort) + 1) % orders.length];
      headers.forEach((each) => { each.ariaSort = each === header ? order : "none"; });
      const sign = order === "descending" ? -1 : 1;
      body.append(...(order === "none" ? original : sorted(original, column, sign)));
    });
    header.ariaSort = "none";
    header.append(button);
  });
};

// --------------------------------------------------------------------------------- filtering

// A row is shown if it holds every word, and none that begins with a hyphen.
const fits = (text, words) =>
  words.every((word) =>
    word.length > 1 && word.startsWith("-") ? !text.includes(word.slice(1)) : text.includes(word));

const filterable = (table) => {
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const input = make("input", { type: "search", placeholder: "words, -without" });
  const count = make("output", {});
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !fits(texts[i], words);
      shown += !row.hidden;
    });
    count.textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
  };
  input.addEventListener("input", filter);
  filter();
  const tools = make("div", { className: "tools" }, make("label", {}, "Filter ", input), count);
  table.closest(".scroll").before(tools);
};

document.querySelectorAll("table.results").forEach((table) => {
  sortable(table);
  if (table.tBodies[0].rows.length > 1) filterable(table);
});

// ----------------------------------------------------------------------------------- copying

const copy = async (block, button) => {
  try {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(block);
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
};

document.querySelectorAll(".copy").forEach((block) => {
  const button = make("button", { type: "button", ariaLive: "polite" }, "Copy");
  button.addEventListener("click", () => copy(block, button));
  block.after(button);
});
