const express = require('express');

const app = express();
const port = process.env.PORT || 8080;

app.get('/', (req, res) => {
  res.json({ key: process.env.STRIPE_KEY, level: process.env.LOG_LEVEL ?? 'info' });
});

app.listen(port, () => console.log('listening'));
