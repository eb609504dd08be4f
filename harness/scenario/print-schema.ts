import { scenarioSchema } from "./schema.js";

// npm run schema: what this prints is formatted and committed as schema.json, for editors.
console.log(JSON.stringify(scenarioSchema()));
