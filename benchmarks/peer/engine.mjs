// The peer's side of benchmarks/forms.py: one JSON request on each line of standard input, one JSON answer each.
// Every time is taken here, by this process's own clock, in milliseconds.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const NAMES = [
  "Attr", "CDATASection", "Comment", "Document", "DOMParser", "Element", "HTMLElement", "Node", "NodeFilter",
  "ProcessingInstruction", "Text", "XMLDocument", "XMLSerializer", "XPathEvaluator", "XPathExpression", "XPathResult",
  "document",
];
const { window } = new JSDOM("");
for (const name of NAMES) globalThis[name] ??= window[name];

// Parts of the engine take a process for a place without a DOM; it is hidden while they are imported.
const hidden = globalThis.process;
globalThis.process = undefined;
const engine = await import("@getodk/xforms-engine");
globalThis.process = hidden;

let form;

async function load({ file }) {
  const xml = readFileSync(file, "utf8");
  const begun = performance.now();
  form = await engine.loadForm(xml);
  const root = form.createInstance().root;
  return { ms: [performance.now() - begun], children: root.currentState.children.length };
}

function found(root) {
  const nodes = new Map();
  const walk = (node) => {
    nodes.set(node.currentState.reference, node);
    for (const child of node.currentState.children ?? []) walk(child);
  };
  walk(root);
  return nodes;
}

// Setting a value returns when everything that follows from it has been calculated.
function give(node, type, value) {
  if (node.nodeType === "select") node.selectValues(value.split(" "));
  else if (node.nodeType === "trigger") node.setValue(true);
  else node.setValue(type === "integer" ? BigInt(value) : value);
}

function timed(node, type, value) {
  const begun = performance.now();
  give(node, type, value);
  return performance.now() - begun;
}

function answers({ steps }) {
  const root = form.createInstance().root;
  const nodes = found(root);
  const ms = [];
  let hidden = 0;
  for (const [path, type, value] of steps) {
    const node = nodes.get(path);
    if (!node.currentState.relevant) hidden += 1;
    ms.push(timed(node, type, value));
  }
  return { ms, hidden, wrong: root.validationState.violations.map((each) => each.reference).sort() };
}

// Entries of the repeat `person`, all answered; then one answer at a time in ten of them.
function entries({ count, rounds }) {
  const root = form.createInstance().root;
  const repeat = root.currentState.children.find((node) => node.nodeType.startsWith("repeat-range"));
  repeat.addInstances(0, count - 1);
  const people = repeat.currentState.children.map((entry) =>
    Object.fromEntries(entry.currentState.children.map((node) => [node.currentState.reference.split("/").at(-1), node])),
  );
  people.forEach((person, index) => {
    give(person.name, "text", `Name ${index}`);
    give(person.age, "integer", String(index % 90));
    give(person.area, "select_one", "a");
    give(person.town, "select_one", "a1");
  });
  const ms = { name: [], age: [], area: [], town: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < 10; place += 1) {
      const person = people[Math.floor((place * count) / 10)];
      const letter = round % 2 === 0 ? "b" : "a";
      ms.name.push(timed(person.name, "text", `Other ${round} ${place}`));
      ms.age.push(timed(person.age, "integer", String(10 + ((round * 7 + place) % 80))));
      ms.area.push(timed(person.area, "select_one", letter));
      ms.town.push(timed(person.town, "select_one", `${letter}1`));
    }
  }
  return { ms };
}

const memory = () => ({ mib: process.memoryUsage().rss / 1048576 });
const requests = { load, answers, entries, memory };

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await requests[request.do](request))}\n`);
}
