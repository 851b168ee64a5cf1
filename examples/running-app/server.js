import { createServer } from 'node:http';
import { getSecret, initSecrets } from 'dcs-runtime/cloudrun';

await initSecrets({ keys: ['STRIPE_KEY'] });

// Asked at every request: a rotated key is the new one without a deployment.
createServer((_request, response) => {
  response.end(`The key has ${getSecret('STRIPE_KEY')?.length} characters.\n`);
}).listen(process.env.PORT ?? 8080, '127.0.0.1');
