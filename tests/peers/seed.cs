!Socket methodsFor: 'seed'!
initialize: socketType withDomain: socketDomain
	| semaIndex readSemaIndex writeSemaIndex |
	semaphore := Semaphore new.
	readSemaphore := Semaphore new.
	writeSemaphore := Semaphore new.
	semaIndex := Smalltalk registerExternalObject: semaphore.
	readSemaIndex := Smalltalk registerExternalObject: readSemaphore.
	writeSemaIndex := Smalltalk registerExternalObject: writeSemaphore.
	socketHandle := self
		primSocketCreateNetwork: socketDomain
		type: socketType
		receiveBufferSize: 8000
		sendBufSize: 8000
		semaIndex: semaIndex
		readSemaIndex: readSemaIndex
		writeSemaIndex: writeSemaIndex.
	socketHandle ifNotNil: [ self register ]!

initialize: socketType
	self initialize: socketType withDomain: 0!

connectTo: socketAddress
	| status |
	status := self primSocketConnectionStatus: socketHandle.
	(status == Unconnected)
		ifFalse: [InvalidSocketStatusException signal: 'Socket status must Unconnected before opening a new connection'].
	self primSocket: socketHandle connectTo: socketAddress! !

!Socket class methodsFor: 'seed'!
newIPC
	"Create a socket and initialise it for IPC aka Unix domain."
	self initializeNetwork.
	^[ super new initialize: TCPSocketType withDomain: 1 ]
		repeatWithGCIf: [ :socket | socket isValid not ]! !

