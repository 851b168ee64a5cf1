// The bill of materials of a release, in CycloneDX 1.6. Made here, because what a bundle contains stands in no package.json.
// Without a date and a random number: the same release has the same bill.
import { readFileSync } from 'node:fs';

/** `lock`: package-lock.json. The CLI consists of what its bundle took (lib/bundled.json), everything else of what npm will install. */
export function bill(packages, lock) {
  const own = packages.map(({ folder, manifest }) => ({ path: folder === '.' ? '' : folder, ...manifest }));
  const cli = own.find(({ path }) => path === '');
  const inBundle = JSON.parse(readFileSync('lib/bundled.json', 'utf8')).map(({ path }) => path);
  const found = new Map(own.map((each) => [each.path, each]));
  const edges = new Map();
  const visit = (path) => {
    if (edges.has(path)) return;
    const entry = found.get(path) ?? lock.packages[path];
    found.set(path, { path, name: path.replace(/^.*node_modules\//, ''), ...entry });
    const needed = [...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }), ...(path === '' ? ['dcs-sdk'] : [])];
    edges.set(path, [...needed.map((name) => resolved(name, path, lock)), ...(path === '' ? inBundle : [])]);
    for (const next of edges.get(path)) visit(next);
  };
  for (const { path } of own) visit(path);
  const components = [...found.values()].filter(({ path }) => path !== '');
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component(cli) },
    components: byRef(unique(components.map(component))),
    dependencies: byRef(
      unique(
        [...edges].map(([path, needed]) => ({
          ref: purl(found.get(path)),
          dependsOn: [...new Set(needed.map((each) => purl(found.get(each))))].toSorted((a, b) => (a < b ? -1 : 1)),
        })),
      ),
    ),
  };
}

/** Where Node finds `name` from `path`, as a key of the lock. */
function resolved(name, path, lock) {
  for (let at = path; ; at = at.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$|^[^/]+(\/[^/]+)?$/, '')) {
    const key = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    const entry = lock.packages[key];
    if (entry?.link === true) return entry.resolved;
    if (entry !== undefined) return key;
    if (at === '') throw new Error(`${name}, which ${path} needs, is not in package-lock.json`);
  }
}

const purl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function component({ path, name, version, license, integrity }) {
  if (license === undefined) throw new Error(`${name} ${version} names no licence`);
  const hash = integrity?.startsWith('sha512-') ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : undefined;
  return {
    type: path === '' ? 'application' : 'library',
    'bom-ref': purl({ name, version }),
    name,
    version,
    licenses: /[ (]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }],
    ...(hash === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: hash }] }),
    purl: purl({ name, version }),
  };
}

const ref = (each) => each['bom-ref'] ?? each.ref;
const byRef = (list) => list.toSorted((a, b) => (ref(a) < ref(b) ? -1 : 1));
/** One version may lie in several folders. */
const unique = (list) => [...new Map(list.map((each) => [ref(each), each])).values()];
