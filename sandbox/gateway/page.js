// The API's description as a page that can try it out: the sandbox signs what this page sends.
"use strict";

// The sandbox fills these in.
const SIGNED = ["webhook-id", "webhook-timestamp"];

async function signed(request) {
  const url = new URL(request.url, location.origin);
  const answer = await fetch("/_sandbox/sign", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ method: request.method, target: url.pathname + url.search, body: request.body ?? "" }),
  });
  const { target, headers } = await answer.json();
  return Object.assign(request, { url: location.origin + target, headers: { ...request.headers, ...headers } });
}

async function show() {
  const { description, clientNo } = document.querySelector("script[data-description]").dataset;
  const spec = await (await fetch(description)).json();
  for (const [path, operations] of Object.entries(spec.paths)) {
    const all = [...(operations.parameters ?? [])];
    for (const operation of Object.values(operations)) {
      if (operation.parameters && !Array.isArray(operation)) {
        operation.parameters = operation.parameters.filter((parameter) => !SIGNED.includes(parameter.name));
        all.push(...operation.parameters);
      }
    }
    for (const parameter of all) {
      if (parameter.name === "clientNo" && parameter.in === "path") parameter.example = clientNo;
    }
  }
  SwaggerUIBundle({ spec, dom_id: "#description", validatorUrl: null, requestInterceptor: signed });
}

show();
