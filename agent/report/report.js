"use strict";
// Clicking a column's head sorts the list by it; again, the other way. What has no value stays last.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement, heads = [...head.parentElement.children];
    const column = heads.indexOf(head), body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const key = (row) => {
      const cell = row.cells[column];
      if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
      return cell.textContent.trim();
    };
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
      return down * (typeof x === "number" ? x - y : x.localeCompare(y));
    };
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
    body.append(...[...body.rows].sort(compare));
  });
}
