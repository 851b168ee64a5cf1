import fastify from 'fastify';

const stripe: { readonly key: string | undefined } = { key: process.env.STRIPE_KEY };
const app = fastify();

app.get('/', async () => ({ key: stripe.key, level: process.env['LOG_LEVEL'] ?? 'info' }));

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
