import type { Call, Route } from '../server/cloud.ts';
import { crc32c } from './crc32c.ts';
import { invalid, isObject, type Json, newEtag, objectBody, onlyFields, paged, Refusal } from './envelope.ts';
import { filterOf } from './filter.ts';
import { type Ground, route, type Signed } from './gate.ts';
import { sameEtag, secretName, secretOf, secretPolicies } from './secrets.ts';
import { horizon, type Project, type Secret, stamp, type State, tick, type Version, type World } from './state.ts';

const PAGE = 25_000;
const MOST_BYTES = 65_536;
/** The enum's numbers, which gax asks for with `$alt=json;enum-encoding=int`. */
const NUMBERS = { ENABLED: 1, DISABLED: 2, DESTROYED: 3 } as const;

const spelled = ({ query }: Call, view: Json & { state: State }): Json =>
  query.get('$alt')?.includes('enum-encoding=int') === true ? { ...view, state: NUMBERS[view.state] } : view;

const versionName = (project: Project, secret: Secret, version: number | string): string =>
  `${secretName(project, secret)}/versions/${version}`;

function setState(world: World, version: Version, state: State): void {
  version.states.push({ at: tick(world), state });
  version.etag = newEtag();
  if (state === 'DESTROYED') version.data = '';
  delete version.destroyAt;
}

/** The state that counts now; a destruction that came due happens first. */
export function stateOf(world: World, version: Version): State {
  if (version.destroyAt !== undefined && version.destroyAt <= Date.now()) setState(world, version, 'DESTROYED');
  return version.states.at(-1)?.state ?? 'ENABLED';
}

function view({ world, project }: Signed, secret: Secret, version: Version, moment = Number.POSITIVE_INFINITY): Json & { state: State } {
  stateOf(world, version);
  const { state, at } = version.states.findLast((change) => change.at <= moment) ?? { state: 'ENABLED' as const, at: version.at };
  const replicas = secret.replication['userManaged'];
  return {
    name: versionName(project, secret, version.number),
    createTime: stamp(version.at),
    state,
    etag: version.etag,
    ...(state === 'DESTROYED' ? { destroyTime: stamp(at) } : {}),
    ...(version.destroyAt === undefined ? {} : { scheduledDestroyTime: stamp(version.destroyAt) }),
    ...(version.checked ? { clientSpecifiedPayloadChecksum: true } : {}),
    ...(secret.location === '' ? { replicationStatus: replicas === undefined ? { automatic: {} } : { userManaged: replicas } } : {}),
  };
}

/** By number, or by `latest` and aliases: `latest` is the newest that was created, whatever its state. */
export function resolve(world: World, project: Project, secret: Secret, wanted: string): Version {
  if (wanted === 'latest') {
    const moment = horizon(world);
    const newest = secret.versions.findLast(({ at }) => at <= moment);
    if (newest === undefined) throw new Refusal('NOT_FOUND', `Secret [${secretName(project, secret)}] not found or has no versions.`);
    return newest;
  }
  const number = Object.hasOwn(secret.aliases, wanted) ? secret.aliases[wanted] : Number(wanted);
  const version = secret.versions.find((one) => one.number === number);
  if (version === undefined) throw new Refusal('NOT_FOUND', `Secret Version [${versionName(project, secret, wanted)}] not found.`);
  return version;
}

const versionOf = (signed: Signed, secret: Secret): Version =>
  resolve(signed.world, signed.project, secret, signed.call.params['version'] ?? '');

const wrongState = ({ project, world }: Signed, secret: Secret, version: Version): Refusal =>
  new Refusal(
    'FAILED_PRECONDITION',
    `Secret Version [${versionName(project, secret, version.number)}] is in ${stateOf(world, version)} state.`,
  );

function bytesFrom(sent: unknown): { bytes: Buffer; checked: boolean } {
  const payload = isObject(sent) ? sent : {};
  onlyFields(payload, ['data', 'dataCrc32c'], 'payload');
  const { data, dataCrc32c: checksum } = payload;
  if (typeof data !== 'string' || data === '') throw invalid('Secret Payload cannot be empty.');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) throw invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.");
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > MOST_BYTES) throw invalid(`The secret payload is larger than ${MOST_BYTES} bytes.`);
  const checked = checksum !== undefined && checksum !== null;
  if (checked && checksum !== String(crc32c(bytes)) && checksum !== crc32c(bytes))
    throw invalid('The payload checksum does not match the payload.');
  return { bytes, checked };
}

export function addVersion(world: World, secret: Secret, bytes: Uint8Array, checked = false): Version {
  const at = tick(world);
  const version: Version = {
    number: (secret.versions.at(-1)?.number ?? 0) + 1,
    at,
    data: Buffer.from(bytes).toString('base64'),
    checked,
    etag: newEtag(),
    states: [{ at, state: 'ENABLED' }],
  };
  secret.versions.push(version);
  return version;
}

function add(signed: Signed): Json {
  const secret = secretOf(signed);
  const body = objectBody(signed.call);
  onlyFields(body, ['payload', 'parent'], '');
  const { bytes, checked } = bytesFrom(body['payload']);
  return spelled(signed.call, view(signed, secret, addVersion(signed.world, secret, bytes, checked)));
}

function access(signed: Signed): Json {
  const secret = secretOf(signed);
  const version = versionOf(signed, secret);
  if (stateOf(signed.world, version) !== 'ENABLED') throw wrongState(signed, secret, version);
  const { data } = version;
  const dataCrc32c = String(crc32c(Buffer.from(data, 'base64')));
  return { name: versionName(signed.project, secret, version.number), payload: { data, dataCrc32c } };
}

function list(signed: Signed): Json {
  const { call, world } = signed;
  const secret = secretOf(signed);
  const moment = horizon(world);
  const filter = call.query.get('filter');
  const test = filterOf(filter);
  const seen = secret.versions
    .filter(({ at }) => at <= moment)
    .map((version) => ({ at: version.at, view: view(signed, secret, version, moment) }));
  const { items, next } = paged(
    call,
    seen.filter((one) => test(one.view)),
    PAGE,
  );
  return {
    ...(items.length === 0 ? {} : { versions: items.map((one) => spelled(call, one.view)) }),
    ...next,
    ...(filter === null && seen.length > 0 ? { totalSize: seen.length } : {}),
  };
}

/** Nothing brings a destroyed version back; a secret with a destroy TTL only disables it for that long. */
function change(signed: Signed, state: State): Json {
  const { world, call } = signed;
  const secret = secretOf(signed);
  const version = versionOf(signed, secret);
  const body = objectBody(call);
  onlyFields(body, ['etag', 'name'], '');
  if (stateOf(world, version) === 'DESTROYED') throw wrongState(signed, secret, version);
  sameEtag(body['etag'], version.etag);
  const later = state === 'DESTROYED' ? secret.versionDestroyTtl : null;
  setState(world, version, later === null ? state : 'DISABLED');
  if (later !== null) version.destroyAt = Date.now() + Number.parseInt(later, 10) * 1000;
  return spelled(call, view(signed, secret, version));
}

/** Versions below `base`, a project or one of its locations. */
export function versionRoutes(ground: Ground, base: string): Route[] {
  const kind = 'secretmanager.versions';
  const secret = `${base}/secrets/:secret`;
  const one = `${secret}/versions/:version`;
  const policies = secretPolicies;
  const to = (verb: string, state: State): Route =>
    route(ground, `POST ${one}:${verb}`, { permission: `${kind}.${verb}`, policies, kind: 'perVersion' }, (signed) =>
      change(signed, state),
    );
  return [
    route(ground, `POST ${secret}:addVersion`, { permission: `${kind}.add`, policies, kind: 'perSecret' }, add),
    route(ground, `GET ${secret}/versions`, { permission: `${kind}.list`, policies, kind: 'reads' }, list),
    route(ground, `GET ${one}`, { permission: `${kind}.get`, policies, kind: 'reads' }, (signed) => {
      const found = secretOf(signed);
      return spelled(signed.call, view(signed, found, versionOf(signed, found)));
    }),
    route(ground, `GET ${one}:access`, { permission: `${kind}.access`, policies, kind: 'accesses' }, access),
    to('enable', 'ENABLED'),
    to('disable', 'DISABLED'),
    to('destroy', 'DESTROYED'),
  ];
}
