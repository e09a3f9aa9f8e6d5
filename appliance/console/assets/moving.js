// The library's order by drag and drop; the button "Move up" does the same for keys.

let dragged = null; // the item that is on its way

/** Lets a row be dragged to another place of the list. onPlace(place): where it was let go, from 0. */
export function makeMovable(li, item, items, onPlace) {
  li.draggable = true;
  li.addEventListener("dragstart", (event) => {
    dragged = { item, onPlace };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.name);
    li.classList.add("dragged");
  });
  li.addEventListener("dragend", () => { dragged = null; li.classList.remove("dragged"); });
  li.addEventListener("dragover", (event) => {
    if (!dragged || dragged.item.id === item.id) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    li.dataset.drop = isBelow(li, event) ? "after" : "before";
  });
  li.addEventListener("dragleave", () => { delete li.dataset.drop; });
  li.addEventListener("drop", (event) => {
    delete li.dataset.drop;
    if (!dragged || dragged.item.id === item.id) return;
    event.preventDefault();
    // Places are counted without the one that moves, as the box does.
    const others = items.filter((other) => other.id !== dragged.item.id);
    dragged.onPlace(others.findIndex((other) => other.id === item.id) + Number(isBelow(li, event)));
  });
}

function isBelow(li, event) {
  const { top, height } = li.getBoundingClientRect();
  return event.clientY > top + height / 2;
}
