import type { Call, Reply, Route } from '../server/cloud.ts';
import { ContentsOf } from './contents.ts';
import { field, isObject, needed, Refusal, refuse } from './envelope.ts';
import { type Ground, storeOf } from './gate.ts';

function guarded(path: string, run: (call: Call) => unknown): Route {
  const answer = async (call: Call): Promise<Reply> => {
    try {
      return { status: 200, body: await run(call) };
    } catch (error) {
      if (error instanceof Refusal) return refuse(call, error);
      throw error;
    }
  };
  return { method: 'POST', path: `/_sandbox/neon/${path}`, answer };
}

/** A password that the vendor would not have made. */
async function setPassword({ world, stores }: Ground, call: Call): Promise<unknown> {
  const body = isObject(call.body) ? call.body : {};
  const branch = world.projects.get(needed(body, 'project', 'string'))?.branches.get(needed(body, 'branch', 'string'));
  const role = branch?.roles.get(needed(body, 'role', 'string'));
  if (branch === undefined || role === undefined) throw new Refusal(404, 'The sandbox has no such role.');
  const password = needed(body, 'password', 'string');
  await new ContentsOf(stores).setPassword(storeOf(branch), role.name, password);
  role.password = password;
  return { success: true };
}

/** What no vendor offers and every test needs. */
export function backdoorRoutes(ground: Ground): Route[] {
  const { operations } = ground;
  const body = (call: Call) => (isObject(call.body) ? call.body : {});
  return [
    guarded('password', (call) => setPassword(ground, call)),
    guarded('operations', (call) => {
      operations.delay = field(body(call), 'ms', 'number') ?? 0;
      return { ms: operations.delay };
    }),
    guarded('lock', (call) => {
      operations.locks = field(body(call), 'times', 'number') ?? 1;
      return { times: operations.locks };
    }),
    guarded('settled', async () => {
      await operations.settled();
      return { success: true };
    }),
  ];
}
