"""A network of namespaces with real servers in it: what the tests call the Internet. See `layout` first."""
