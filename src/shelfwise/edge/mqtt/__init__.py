"""The MQTT door: MQTT 3.1.1 and 5 (OASIS, 2014 and 2019) on one port, for devices that publish.

QoS 0, 1 and 2, sign-in by device name and secret, keep-alive, sessions that outlive their connection. A device may
subscribe to its own `shelfwise/<device>/config` and `shelfwise/<device>/command`, and to nothing else. It is no broker:
nothing is handed on to other clients. A PUBACK or PUBREC means that the message is durable. What breaks the protocol
closes the connection, with the reason in the log and in the counters, and in MQTT 5 in a DISCONNECT.

`wire` reads and writes bytes, `properties` and `codes` know the words of MQTT 5, `session` what outlives a connection,
`connection` is one client, `signin` how it is let in, and `door` holds them all.
"""
