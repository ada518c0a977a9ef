// Checks a SARIF file against the schema that GitHub's upload action uses, as
// that action does (URI formats only warn), and reads the multitool's report.
// Usage: node sarif.js SCHEMA FILE MULTITOOL_REPORT
const fs = require("fs");
const { Validator } = require("jsonschema");

const read = (path) => JSON.parse(fs.readFileSync(path, "utf8"));
const [schema, file, report] = process.argv.slice(2);
const problems = [];

const result = new Validator().validate(read(file), read(schema));
for (const e of result.errors) {
  if (!(e.name === "format" && ["uri", "uri-reference"].includes(e.argument))) problems.push("schema: " + e.stack);
}

const run = read(report).runs[0];
for (const r of run.results || []) problems.push(`${r.ruleId} ${r.level || "warning"}: ${JSON.stringify(r.message.arguments || r.message.text)}`);
for (const i of run.invocations || []) {
  for (const n of i.toolExecutionNotifications || []) {
    if (n.level === "error") problems.push("multitool: " + n.message.text);
  }
}

for (const p of problems.slice(0, 20)) console.log(p.slice(0, 300));
process.exit(problems.length ? 1 : 0);
