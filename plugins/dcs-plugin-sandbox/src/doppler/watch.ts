import type { Reply, Route } from '../server/cloud.ts';
import { configOf, type Ground, Refusal, type Signed, signed } from './gate.ts';

/** Doppler's own interval is not published; a listener must live with any. */
const PING_MS = 10_000;

/** What the Doppler CLI listens to; undocumented: github.com/DopplerHQ/cli, pkg/http/api.go, last verified 2026-11-21. */
function watch({ watchers, world }: Ground, call: Signed): Reply {
  if (world.tier === 'developer') throw new Refusal(403, 'Your plan does not include watching secrets');
  configOf(call); // refuses what the token may not read
  return {
    status: 200,
    events(emit) {
      emit({ type: 'connected' });
      const ping = setInterval(() => emit({ type: 'ping' }), PING_MS);
      const end = watchers.add(() => emit({ type: 'secrets.update' }));
      return () => {
        clearInterval(ping);
        end();
      };
    },
  };
}

export const watchRoutes = (ground: Ground): Route[] => [
  signed(ground, 'GET', '/v3/configs/config/secrets/watch', 'reads', (call) => watch(ground, call)),
];
