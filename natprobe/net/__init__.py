"""The only room that opens sockets. Importing it loads neither OpenSSL nor cryptography."""
