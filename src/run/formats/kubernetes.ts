import { DcsError } from 'dcs-sdk';
import { firstReason, lines, NOT_TEXT, type Format } from './format.ts';
import { yamlQuoted } from './yaml.ts';

/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data (last verified 2026-11-21) */
const KEY = /^(?!\.\.)(?!\.$)[-._A-Za-z0-9]{1,253}$/;
/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names (last verified 2026-11-21) */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** `data`, not `stringData`: the form that the cluster itself keeps and compares. */
export const kubernetes: Format = {
  title: 'a Secret for kubectl apply -f -',
  refuses: (entry) => firstReason(entry, [NOT_TEXT, ['is no key of a Kubernetes Secret', ({ name }) => !KEY.test(name)]]),
  render: (entries, { secretName }) => {
    const data = lines(entries, ({ name, value }) => `  ${yamlQuoted(name)}: ${yamlQuoted(Buffer.from(value).toString('base64'))}`);
    return `apiVersion: v1
kind: Secret
metadata:
  name: ${yamlQuoted(checkedName(secretName))}
type: Opaque
data:${data === '' ? ' {}\n' : `\n${data}`}`;
  },
};

function checkedName(name: string | undefined): string {
  if (name !== undefined && SUBDOMAIN.test(name)) return name;
  throw new DcsError('USAGE', name === undefined ? 'What is the Secret called?' : `"${name}" is no name of a Kubernetes Secret.`, {
    why: 'A name is lower-case letters, digits, - and dots, and begins and ends with a letter or digit.',
    hint: '--format kubernetes --secret-name shop-api',
  });
}
