import { onCall, onRequest } from 'firebase-functions/v2/https';

export const api = onRequest(async (req, res) => {
  res.json({ path: req.path, key: process.env.STRIPE_KEY });
});

export const charge = onCall({ cors: true }, (request) => ({ with: process.env['STRIPE_KEY'], of: request.data.of }));
