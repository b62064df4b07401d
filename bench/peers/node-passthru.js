// The study's design `passthru`, written anew: the primary accepts, reads the head, picks a worker,
// and pipes both directions through a Unix socket, one a connection.
// Usage: node node-passthru.js [WORKERS].
'use strict';
const child_process = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

if (process.send === undefined) {
  const count = Number(process.argv[2] ?? 4);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-passthru-'));
  process.on('exit', () => fs.rmSync(folder, {recursive: true, force: true}));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
  const paths = [];
  let turn = 0;
  const server = net.createServer({pauseOnConnect: true, allowHalfOpen: true}, (socket) => {
    const chunks = [];
    const on_data = (chunk) => {
      chunks.push(chunk);
      const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      if (bytes.indexOf('\r\n\r\n') < 0) return;
      socket.pause();
      socket.removeListener('data', on_data);
      const upstream = net.connect({path: paths[turn++ % paths.length], allowHalfOpen: true});
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      upstream.write(bytes);
      socket.pipe(upstream);
      upstream.pipe(socket);
    };
    socket.on('error', () => socket.destroy());
    socket.on('data', on_data);
    socket.resume();
  });
  let ready = 0;
  for (let i = 0; i < count; i++) {
    paths.push(path.join(folder, `${i}.sock`));
    const worker = child_process.fork(__filename, [String(i), paths[i]]);
    worker.once('message', () => {
      if (++ready < count) return;
      server.listen({port: 0, host: '127.0.0.1', backlog: 4096}, () => {
        console.log(`listening on 127.0.0.1:${server.address().port}`);
      });
    });
  }
} else {
  const worker = Number(process.argv[2]);
  http.createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk) => { bytes += chunk.length; });
    request.on('end', () => {
      const body = JSON.stringify({mode: 'node-passthru', worker, pid: process.pid, bytes});
      response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': body.length});
      response.end(body);
    });
  }).listen(process.argv[3], () => process.send('ready'));
  process.on('disconnect', () => process.exit(0));
}
