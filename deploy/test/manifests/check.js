// Validates each document of the manifests that are named against the schemas of Kubernetes: types, enums, required fields.
import { readFileSync } from "fs";
import { parseAllDocuments } from "yaml";

let wrong = 0;
for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"), { strict: true, uniqueKeys: true })) {
    const manifest = document.toJS();
    try {
      if (document.errors.length > 0) throw document.errors[0];
      const kinds = await import(`kubernetes-models/${manifest.apiVersion}`);
      new kinds[manifest.kind](manifest).validate();
      console.log(`${file}: ${manifest.kind} ${manifest.metadata.name}`);
    } catch (e) {
      console.error(`${file}: ${manifest?.kind} ${manifest?.metadata?.name}: ${e.message}`);
      wrong++;
    }
  }
}
process.exit(wrong === 0 ? 0 : 1);
