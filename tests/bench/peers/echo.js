// echo.js: the echo server of bench_echo.c in Node: a callback for what comes. Its listener is descriptor 3.
require("net")
  .createServer({ noDelay: true }, (connection) => {
    connection.on("error", () => connection.destroy());
    connection.on("data", (data) => connection.write(data));
  })
  .listen({ fd: 3 });
