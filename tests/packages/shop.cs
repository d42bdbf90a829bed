'From Pharo13 of 1 January 2026'!

Trait named: #TPriced
	instanceVariableNames: 'price'
	package: 'Shop'!

!TPriced methodsFor: 'accessing'!
price
	^ price ifNil: [ 0 ]! !
!TPriced methodsFor: 'accessing'!
price: aNumber
	price := aNumber! !

!TPriced classTrait methodsFor: 'instance creation'!
priced: aNumber
	^ self new price: aNumber; yourself! !

SharedPool subclass: #ShopRates
	instanceVariableNames: ''
	classVariableNames: 'Step'
	package: 'Shop'!

!ShopRates class methodsFor: 'initialization'!
initialize
	Step := 3! !

Object subclass: #Goods
	instanceVariableNames: ''
	classVariableNames: 'Count'
	poolDictionaries: ''
	category: 'Shop'!

Goods class
	instanceVariableNames: 'latest'!

!Goods class methodsFor: 'accessing' stamp: 'me 1/1/2026 10:00'!
count
	^ Count! !
!Goods class methodsFor: 'accessing' stamp: 'me 1/1/2026 10:00' prior: 0!
latest
	^ latest! !
!Goods class methodsFor: 'initialization'!
initialize
	Count := 10!
new
	Count := Count + 1.
	^ latest := super new! !

Goods subclass: #Article
	uses: TPriced
	instanceVariableNames: 'owner'
	classVariableNames: ''
	poolDictionaries: 'ShopRates'
	category: 'Shop'!
!Article commentStamp: 'me 1/1/2026 10:00' prior: 0!
Something to buy. Cheap!!!

Article class
	uses: TPriced classTrait
	instanceVariableNames: ''!

!Article methodsFor: 'accessing'!
label
	^ 'one
two'! !
!Article methodsFor: 'accessing'!
owner
	^ owner! !
!Article methodsFor: 'actions'!
raise
	price _ self price + Step! ]style[(5 1)f1,f2! !

!Integer methodsFor: '*Shop'!
article
	^ Article priced: self! !
!Integer methodsFor: '*Shop'!
isPrime
	^ #overridden! !

TestCase subclass: #ArticleTest
	instanceVariableNames: ''
	classVariableNames: ''
	package: 'Shop-Tests'!

!ArticleTest methodsFor: 'tests'!
testExtension
	self assert: 7 isPrime equals: #overridden!

testInitialize
	| before |
	before := Goods count.
	self assert: before >= 10.
	Article new.
	self assert: Goods count equals: before + 1!

testLatest
	| article |
	article := Article new.
	self assert: Article latest identicalTo: article.
	self assert: Goods latest isNil!

testLineEnds
	self assert: Article new label equals: 'one' , self lineEnd , 'two'!

testTrait
	| article |
	article := 4 article.
	article raise.
	self assert: article price equals: 7!

lineEnd
	^ String cr! !

ShopRates initialize!
Goods initialize!
