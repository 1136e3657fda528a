{-# LANGUAGE OverloadedStrings #-}

-- | A worker on a named eventfd, in Haskell. It waits in GHC's I/O manager, where only a green thread sleeps.
--
--     apt-get install ghc libghc-network-dev libghc-async-dev
--     eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
--     ghc -threaded -o worker worker.hs && ./worker /tmp/eventfdd orders
--     eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
--
-- It prints "ready", then "got N" for each value N that it takes from @orders@, and adds N to @orders.reply@. It echoes the
-- lines of its stdin and ends with it. ../README.md says what all workers do.
module Main (main) where

import Control.Concurrent (threadDelay, threadWaitReadSTM)
import Control.Concurrent.Async (concurrently_)
import Control.Concurrent.STM
import Control.Exception (IOException, bracketOnError, try)
import Control.Monad (forM_, forever, void, when, zipWithM_)
import qualified Data.ByteString.Char8 as B
import qualified Data.Map as Map
import Foreign hiding (void)
import Foreign.C
import Network.Socket
import Network.Socket.ByteString (recv, recvMsg, sendMsg)
import System.Environment (getArgs)
import System.Exit
import System.IO
import System.Posix.IO (closeFd, fdWriteBuf)
import System.Posix.Types (COff (..), CSsize (..), Fd (..))

type Name = B.ByteString

foreign import ccall unsafe preadv2 :: Fd -> Ptr WordPtr -> CInt -> COff -> CInt -> IO CSsize

-- | Takes what there is, with one read of 8 bytes, and does not wait: another reader may have been faster, and RWF_NOWAIT
-- holds although any other process may clear O_NONBLOCK, which belongs to all that hold this eventfd.
takeValue :: Fd -> IO (Maybe Word64)
takeValue fd = alloca $ \value -> withArray [ptrToWordPtr value, 8] $ \iovec -> do
    size <- preadv2 fd iovec 1 (-1) 8 -- RWF_NOWAIT
    if size == 8 then Just <$> peek value else pure Nothing

giveValue :: Fd -> Word64 -> IO ()
giveValue fd value = with value $ \bytes -> void $ fdWriteBuf fd (castPtr bytes) 8

connectTo :: FilePath -> IO Socket
connectTo directory = bracketOnError (socket AF_UNIX SeqPacket 0) close $ \daemon -> do
    withFdSocket daemon setCloseOnExecIfNeeded
    daemon <$ connect daemon (SockAddrUnix (directory <> "/fd.sock"))

-- | A request with at most one descriptor, as its answer has: 'decodeCmsg' finds no more in a packet.
ask :: Socket -> B.ByteString -> [Fd] -> IO ()
ask daemon request fds = void $ sendMsg daemon (SockAddrUnix "") [request] (map encodeCmsg fds) mempty

hear :: Socket -> IO (B.ByteString, Maybe Fd)
hear daemon = do
    (_, answer, control, flags) <- recvMsg daemon 65536 64 0x40000000 -- MSG_CMSG_CLOEXEC
    when (B.null answer || ":shutting-down\"" `B.isInfixOf` answer) $ ioError (userError "the daemon ends")
    when (flags .&. MSG_CTRUNC /= 0) $ refuse "too many open files: the descriptor was cut off"
    pure (answer, lookupCmsg CmsgIdFd control >>= decodeCmsg)

refuse :: B.ByteString -> IO a
refuse problem = B.hPutStrLn stderr problem >> exitFailure

-- | The text of an answer that is a problem, with its escapes left as they are.
problemIn :: B.ByteString -> B.ByteString
problemIn answer = head ([text field | field <- ["\"detail\":\"", "\"problem\":\""], field `B.isInfixOf` answer] ++ [answer])
  where
    text field = upToQuote (B.drop (B.length field) (snd (B.breakSubstring field answer)))
    upToQuote rest = case B.span (`notElem` ("\\\"" :: String)) rest of
        (part, more) | "\\" `B.isPrefixOf` more -> part <> B.take 2 more <> upToQuote (B.drop 2 more)
                     | otherwise -> part

open :: Socket -> Name -> IO (Name, Fd)
open daemon name = do
    ask daemon ("{\"op\":\"open\",\"eventfds\":[{\"name\":\"" <> name <> "\",\"create\":{}}]}") []
    hear daemon >>= \(answer, fd) -> maybe (refuse (name <> ": " <> problemIn answer)) (pure . (,) name) fd

-- | Waits for the end of the connection, then connects again and brings back all that is held.
stay :: FilePath -> Socket -> TVar (Map.Map Name Fd) -> TMVar (Name, Fd) -> IO ()
stay directory daemon held replaced = do
    void (try (recv daemon 1) :: IO (Either IOException B.ByteString))
    close daemon
    again
  where
    again = threadDelay 100000 >> try rejoin >>= either notYet (\next -> stay directory next held replaced)
    notYet e = const again (e :: IOException)
    rejoin = bracketOnError (connectTo directory) close $ \next -> do
        fds <- Map.toList <$> readTVarIO held
        forM_ fds $ \(name, fd) ->
            ask next ("{\"op\":\"donate\",\"eventfds\":[{\"name\":\"" <> name <> "\",\"semaphore\":false}]}") [fd]
        answers <- mapM (const (hear next)) fds
        next <$ zipWithM_ settle (map fst fds) answers
    settle name (answer, other) =
        case [it | it <- ["adopted", "same", "replaced"], ("\"result\":\"" <> it) `B.isInfixOf` answer] of
            [result] -> do
                B.putStrLn (name <> " " <> result)
                forM_ other $ \fd -> atomically $ modifyTVar' held (Map.insert name fd) >> putTMVar replaced (name, fd)
            _ -> refuse (name <> ": " <> problemIn answer)

-- | Takes values and answers them. The descriptors are this thread's, so it also puts those that replace them in place.
serve :: Name -> Name -> Map.Map Name Fd -> TMVar (Name, Fd) -> IO ()
serve work reply held replaced = do
    (readable, cancel) <- threadWaitReadSTM (held Map.! work)
    event <- atomically $ (Just <$> takeTMVar replaced) `orElse` (Nothing <$ readable)
    cancel
    case event of
        Just (name, other) -> do -- which gets what is left on the old one
            takeValue (held Map.! name) >>= mapM_ (giveValue other)
            closeFd (held Map.! name)
            serve work reply (Map.insert name other held) replaced
        Nothing -> do
            takeValue (held Map.! work) >>= mapM_ (\value -> do
                putStrLn ("got " <> show value)
                giveValue (held Map.! reply) value)
            serve work reply held replaced

echo :: IO ()
echo = isEOF >>= \end -> if end then exitSuccess else B.getLine >>= B.putStrLn . ("line " <>)

main :: IO ()
main = do
    (directory, name) <- getArgs >>= \args -> case args of
        [directory, name] -> pure (directory, name)
        _ -> hPutStrLn stderr "usage: worker DIR NAME" >> exitWith (ExitFailure 2)
    hSetBuffering stdout LineBuffering
    let (work, reply) = (B.pack name, work <> ".reply")
    daemon <- connectTo directory
    held <- Map.fromList <$> mapM (open daemon) [work, reply]
    putStrLn "ready"
    shared <- newTVarIO held
    replaced <- newEmptyTMVarIO
    stay directory daemon shared replaced `concurrently_` serve work reply held replaced `concurrently_` forever echo
