import type { Detected } from 'dcs-sdk';
import { stringify } from 'yaml';

const SCHEMA = 'https://unpkg.com/doppler-cloud-syncs/schema/dcs.schema.json';

/** A new dcs.yaml. */
export function renderProject(project: string, detected: readonly Detected[]): string {
  const lines = [
    `# yaml-language-server: $schema=${SCHEMA}`,
    `doppler: ${flow(project)}            # dev, staging, prod are its configs dev, stg, prd`,
  ];
  if (detected.length > 0) lines.push('targets:                 # a target gets only the environments it names');
  for (const { name, type, file, options } of detected) {
    lines.push(`  ${name}:                   # ${file}`);
    if (name !== type) lines.push(`    type: ${type}`);
    for (const [key, value] of Object.entries(options)) lines.push(`    ${key}: ${flow(value)}`);
    if (!Object.hasOwn(options, 'include')) lines.push('    include: ["*"]');
  }
  return `${lines.join('\n')}\n`;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}
