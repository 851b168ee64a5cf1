import { onCall, onRequest } from 'firebase-functions/v2/https';
import { onMessagePublished } from 'firebase-functions/v2/pubsub';
import { onSchedule } from 'firebase-functions/v2/scheduler';

export const api = onRequest(async (req, res) => {
  res.json({ path: req.path, key: process.env.STRIPE_KEY });
});

export const charge = onCall({ cors: true }, (request) => ({ with: process.env['STRIPE_KEY'], of: request.data.of }));

export const nightly = onSchedule('every day 00:00', async (event) => {
  if (process.env.SESSION_KEY === '') throw new Error(event.scheduleTime);
});

export const paid = onMessagePublished('paid', async (event) => {
  if (process.env.SESSION_KEY === '') throw new Error(event.data.message.json.of);
});
