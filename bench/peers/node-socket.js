// The study's design `socket`, written anew: the primary accepts, reads the head, picks a worker,
// and sends the socket with all bytes read, as bytes (the study used JSON). Nothing is lost: the
// handle is stopped before it is sent. Usage: node node-socket.js [WORKERS].
'use strict';
const child_process = require('node:child_process');
const http = require('node:http');
const net = require('node:net');

if (process.send === undefined) {
  const count = Number(process.argv[2] ?? 4);
  const workers = [];
  let turn = 0;
  const hand_over = (socket, bytes) => {
    const worker = workers[turn++ % workers.length];
    worker.send({bytes}, socket);
  };
  const server = net.createServer({pauseOnConnect: true}, (socket) => {
    const chunks = [];
    socket.on('error', () => socket.destroy());
    const on_data = (chunk) => {
      chunks.push(chunk);
      const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      if (bytes.indexOf('\r\n\r\n') < 0) return;
      socket.removeListener('data', on_data);
      socket.pause();
      // pause() alone goes on reading into the stream's buffer, which no one would send: this is
      // where the study's version lost bytes. There is no public way to stop the handle.
      // What it has read into that buffer already goes along. read() may start the handle again.
      for (let rest; (rest = socket.read()) !== null;) chunks.push(rest);
      socket._handle.reading = false;
      socket._handle.readStop();
      hand_over(socket, chunks.length === 1 ? chunk : Buffer.concat(chunks));
    };
    socket.on('data', on_data);
    socket.resume();
  });
  let ready = 0;
  for (let i = 0; i < count; i++) {
    const worker = child_process.fork(__filename, [String(i)], {serialization: 'advanced'});
    worker.once('message', () => {
      if (++ready < count) return;
      server.listen({port: 0, host: '127.0.0.1', backlog: 4096}, () => {
        console.log(`listening on 127.0.0.1:${server.address().port}`);
      });
    });
    workers.push(worker);
  }
} else {
  const worker = Number(process.argv[2]);
  const server = http.createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk) => { bytes += chunk.length; });
    request.on('end', () => {
      const body = JSON.stringify({mode: 'node-socket', worker, pid: process.pid, bytes});
      response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': body.length});
      response.end(body);
    });
  });
  process.on('message', ({bytes}, socket) => {
    if (!socket) return;  // the client has gone
    socket.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    server.emit('connection', socket);
    socket.resume();
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}
