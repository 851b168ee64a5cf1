import { greeting } from './greeting.ts';

export interface Env {
  readonly STRIPE_KEY: string;
  readonly LOG_LEVEL: string;
  readonly COUNTERS: { get(name: string): Promise<string | null> };
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    ctx.waitUntil(Promise.resolve());
    const { pathname } = new URL(request.url);
    return Response.json({ pathname, greeting: greeting(env.STRIPE_KEY), level: env.LOG_LEVEL });
  },
  async scheduled(controller) {
    if (controller.cron === '') throw new Error('never');
  },
} satisfies ExportedHandler<Env>;
