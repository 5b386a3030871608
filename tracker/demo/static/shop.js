// What happens in the shop, and how does it tell Tracker? By `oct`, as on any website; the snippet is in the page's head.
"use strict";
const CURRENCY = "EUR";
const $ = (selector) => document.querySelector(selector);
const money = (value) => new Intl.NumberFormat("en-IE", { style: "currency", currency: CURRENCY }).format(value);

// Elements are made from text and never from markup: `make("p", {className: "price"}, "9.90 €")`.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function drawing(product) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", "/static/drawings.svg#" + product.drawing);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  const ground = make("div", { className: "ground" }, svg);
  ground.dataset.tint = product.tint;
  return ground;
}

// The cart is {product id: how many}; the browser keeps it.
const KEY = "kettle-and-leaf";
const cart = {
  read() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || {};
    } catch {
      return {};
    }
  },
  put(id, quantity) {
    const held = this.read();
    if (quantity > 0) held[id] = quantity;
    else delete held[id];
    this.write(held);
  },
  write(held) {
    try {
      localStorage.setItem(KEY, JSON.stringify(held));
    } catch {}
    this.show();
  },
  lines(products) {
    const held = this.read();
    return products.filter((product) => held[product.id]).map((product) => ({ product, quantity: held[product.id] }));
  },
  show() {
    const count = Object.values(this.read()).reduce((sum, quantity) => sum + quantity, 0);
    $(".count").textContent = count;
    $(".count").hidden = !count;
  },
};
const total = (lines) => Math.round(lines.reduce((sum, line) => sum + line.product.price * line.quantity, 0) * 100) / 100;
const told = (product) => ({ product_id: product.id, name: product.name, price: product.price, currency: CURRENCY });

// The shelf: its first page and every product are one document, and history says which of them is shown.

function shelf(products) {
  let kind = "";
  const query = $("#query");
  const found = () => {
    const wanted = query.value.trim().toLowerCase();
    const isFound = (product) => (product.name + " " + product.text).toLowerCase().includes(wanted);
    return products.filter((product) => (!kind || product.kind == kind) && isFound(product));
  };
  const list = () => {
    const shown = found();
    $("#products").replaceChildren(
      ...shown.map((product) => {
        const link = make("a", { href: "/products/" + product.id }, drawing(product));
        link.append(make("h3", {}, product.name), make("p", { className: "price" }, money(product.price)));
        return make("li", {}, link);
      }),
    );
    $("#nothing").hidden = shown.length > 0;
  };
  for (const button of document.querySelectorAll(".kinds button"))
    button.addEventListener("click", () => {
      kind = button.dataset.kind;
      for (const each of document.querySelectorAll(".kinds button")) each.setAttribute("aria-pressed", each == button);
      list();
    });
  query.addEventListener("input", list);
  query.addEventListener("change", () => {
    if (query.value.trim()) oct.eventT("search", { query: query.value.trim(), results: found().length });
  });
  $(".search").addEventListener("submit", (event) => {
    event.preventDefault();
    query.blur();
  });
  const render = () => {
    const id = location.pathname.startsWith("/products/") && decodeURIComponent(location.pathname.slice(10));
    const product = products.find((each) => each.id == id);
    document.title = (product ? product.name : "Tea and what it takes") + " – Kettle & Leaf";
    $("#shelf").hidden = !!product;
    $("#product").hidden = !product;
    if (product) {
      $("#product").replaceChildren(...detail(product));
      oct.eventT("view_product", told(product));
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a, .brand");
    const isPlain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.defaultPrevented;
    if (!link || !isPlain || !/^\/($|products\/)/.test(link.getAttribute("href"))) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    render();
    scrollTo(0, 0);
    $("#main").focus({ preventScroll: true });
  });
  addEventListener("popstate", render);
  list();
  render();
}

function detail(product) {
  const quantity = make("select", { name: "quantity" });
  for (let number = 1; number <= 6; number++) quantity.append(make("option", { value: number }, String(number)));
  const said = make("p", { className: "said", role: "status" });
  const buy = make("form", { className: "buy" });
  buy.append(
    make("label", {}, make("span", { className: "unseen" }, "How many"), quantity),
    make("button", { className: "main" }, "Add to cart"),
  );
  buy.addEventListener("submit", (event) => {
    event.preventDefault();
    const count = Number(quantity.value);
    cart.put(product.id, (cart.read()[product.id] || 0) + count);
    oct.eventT("add_to_cart", { ...told(product), quantity: count });
    said.replaceChildren("In your cart. ", make("a", { href: "/cart" }, "To the cart"));
  });
  const words = make("div", {}, make("h1", {}, product.name));
  words.append(make("p", { className: "price" }, money(product.price)), make("p", {}, product.text), buy, said);
  return [make("a", { className: "back", href: "/" }, "← All products"), make("div", { className: "one" }, drawing(product), words)];
}

// The cart, the order, and thanks

function showCart(products) {
  const lines = cart.lines(products);
  if (!lines.length) {
    const empty = make("p", { className: "nothing" }, "Nothing is in it yet.");
    $("#cart").replaceChildren(empty, make("a", { className: "main", href: "/" }, "To the shelf"));
    return;
  }
  const change = ({ product, quantity }, to) => {
    cart.put(product.id, to);
    if (!to) oct.eventT("remove_from_cart", { ...told(product), quantity });
    showCart(products);
  };
  const row = (line) => {
    const { product, quantity } = line;
    const button = (text, label, to, className = "") => {
      const made = make("button", { type: "button", className, onclick: () => change(line, to) }, text);
      made.setAttribute("aria-label", `${label}: ${product.name}`);
      return made;
    };
    const counted = make("div", { className: "change" }, button("−", "One less", quantity - 1), String(quantity));
    counted.append(button("+", "One more", quantity + 1), button("Remove", "Remove", 0, "out"));
    const named = make("div", {}, make("a", { href: "/products/" + product.id }, product.name), counted);
    return make("li", {}, drawing(product), named, make("span", { className: "sum" }, money(product.price * quantity)));
  };
  $("#cart").replaceChildren(
    make("ul", { className: "lines" }, ...lines.map(row)),
    make("p", { className: "all" }, make("span", {}, "Total"), make("span", {}, money(total(lines)))),
    make("a", { className: "main", href: "/checkout" }, "To checkout"),
  );
}

function checkOut(products) {
  const lines = cart.lines(products);
  if (!lines.length) {
    location.replace("/cart");
    return;
  }
  const sum = total(lines);
  const items = lines.map(({ product, quantity }) => ({ product_id: product.id, price: product.price, quantity }));
  const row = ({ product, quantity }) =>
    make("li", {}, `${quantity} × ${product.name}`, make("span", { className: "sum" }, money(product.price * quantity)));
  $("#summary").replaceChildren(
    make("h2", {}, "Your order"),
    make("ul", { className: "lines" }, ...lines.map(row)),
    make("p", { className: "all" }, make("span", {}, "Total"), make("span", {}, money(sum))),
  );
  $("#total").textContent = money(sum);
  oct.eventT("checkout", { value: sum, currency: CURRENCY, items });
  $("#order").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const id = "KL-" + Date.now().toString(36).toUpperCase() + Math.random().toString(36).slice(2, 5).toUpperCase();
    const fields = { "First-Name": form.get("name"), ...(form.get("letter") ? { Newsletter: true } : {}) };
    const quantity = lines.reduce((count, line) => count + line.quantity, 0);
    oct.eventI(form.get("email"), { place: "checkout" }, fields);
    oct.eventC(id, "purchase", sum, { "conversion-currency": CURRENCY, "conversion-quantity": quantity, items });
    cart.write({});
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ id, sum, name: form.get("name") }));
    } catch {}
    location.assign("/thank-you");
  });
}

function thank() {
  try {
    const order = JSON.parse(sessionStorage.getItem(KEY));
    if (!order) return;
    $("#whom").textContent = ", " + order.name;
    $("#receipt").textContent = `Order ${order.id} over ${money(order.sum)} is on its way to nowhere: this is a demo.`;
  } catch {}
}

$(".newsletter").addEventListener("submit", (event) => {
  event.preventDefault();
  oct.eventI(event.target.email.value, { place: "footer" }, { Newsletter: true });
  event.target.reset();
  $(".newsletter .said").textContent = "Done. Tracker knows you now, and nobody else does.";
});
cart.show();
fetch("/static/products.json")
  .then((answer) => answer.json())
  .then((products) => {
    if ($("#shelf")) shelf(products);
    if ($("#cart")) showCart(products);
    if ($("#checkout")) checkOut(products);
    if ($(".told")) thank();
  });
